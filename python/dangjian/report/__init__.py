"""The files of a review: a page (:mod:`.html`) and a workbook (:mod:`.excel`); and the text of a check
(:mod:`.check`).
"""
