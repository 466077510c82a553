"""Statistics of plain arrays: trends, survival, dated changes, published figures."""
