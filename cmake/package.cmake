# The installed package: filled in by the packaging slice.
