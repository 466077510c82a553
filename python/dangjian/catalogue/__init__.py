"""What ships with the package: star schemes and the country's lists of regions and codes."""
