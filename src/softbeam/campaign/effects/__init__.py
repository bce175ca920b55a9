"""What techniques do to a campaign's own injections: measured, not modelled, and kept beside it.

Read :mod:`softbeam.campaign.effects.facts` first: what is measured, and what is kept of it.
"""
