"""Data that ship with the package: columns and problems of ledgers, star schemes, national lists of regions and codes."""
