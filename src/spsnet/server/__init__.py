"""Films dropped into a page, taken one after the other, looked at in the browser; on this machine alone."""
