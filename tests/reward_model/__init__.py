"""The reward model: features, cross-fitting, training and scoring."""
