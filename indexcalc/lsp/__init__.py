"""The language server: findings, explanations and fixes in an editor while one types."""
