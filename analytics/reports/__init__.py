"""The report: what a period's figures and analyses say, as a page, a workbook and plain files."""
