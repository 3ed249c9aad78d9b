"""Calendars (工作日历): versions of working calendars, kept for ever so that every deadline can be computed again.

Table: ``CalendarVersion``, immutable (the database refuses to change a row). A calendar changes by a new version, known from the
moment it is published; deadlines already judged keep theirs, running ones are dated again (``loop.workorders``).
"""
