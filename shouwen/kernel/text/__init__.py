"""Text as people write it: folded for comparing, cut into tokens for finding, numbers of telephones, initials of names.

``folding``   one form for full width, compatibility forms, case and Traditional characters (OpenCC, loaded on first use)
``tokens``    runs of letters and digits, pairs of neighbours (bigrams)
``pinyin``    initials and syllables of Chinese names, with a table of surnames that are read differently
``phones``    telephone numbers to E.164, in every way people in China write them
"""
