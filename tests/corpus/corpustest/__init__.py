"""What tests/corpus/score and tests/corpus/parity share: one noun per module."""
