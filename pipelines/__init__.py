"""The conductor: runs the sources, the models and the publication in order. Knows no vendor and no funnel."""
