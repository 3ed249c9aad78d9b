"""Where people and programs meet the house. Each flat here joins many flats below for one kind of visitor."""
