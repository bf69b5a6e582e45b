"""What scripts/demo, scripts/test and scripts/vm are made of."""
