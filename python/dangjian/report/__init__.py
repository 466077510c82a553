"""The annual review as files: a page (:mod:`.html`) and a workbook (:mod:`.excel`)."""
