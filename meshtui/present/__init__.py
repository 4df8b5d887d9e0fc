"""What a screen and a document share: no widget, no colour."""
