"""Pure rules: values in, values out, no I/O; the present moment is always passed in."""
