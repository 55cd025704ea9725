"""CURec as data assets: reasons that a language model gives, rewards, corrects and ranks by, window by window."""
