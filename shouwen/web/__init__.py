"""How pages look (页面外观). For now one bare page that shows that the house runs; the components come with the faces.

No business words and no tables here. Every page loads from this house only, under a strict content policy.
"""
