"""The version of what the emulator does: raised whenever a launch could end differently.

It enters every campaign's id and the name of every cached profile.  What a campaign does besides
has a number of its own, :data:`softbeam.campaign.semantics.CAMPAIGN_SEMANTICS`.

History
-------
1
    softbeam 0.1: first version.
"""

#: Version of instructions and of the rules of memory and divergence.
EMULATOR_SEMANTICS = 1
