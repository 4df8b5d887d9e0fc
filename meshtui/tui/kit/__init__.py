"""What every view is built of: text made safe, styles, marks, canvases, rows."""
