"""The venues that speak REST, one room each, and what they share."""
