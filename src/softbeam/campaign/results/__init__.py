"""The file that holds a campaign's results: its tables, writing, reading, joining.

:mod:`~softbeam.campaign.results.store` writes, :mod:`~softbeam.campaign.results.reading` reads;
what is in the file is declared in :mod:`~softbeam.campaign.results.schema`, and for its columns in
:mod:`softbeam.injection.record`.
"""
