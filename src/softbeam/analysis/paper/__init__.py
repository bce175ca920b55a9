"""The paper's conclusions, each tested against a campaign's injections."""
