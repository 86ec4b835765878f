"""Where lines come from: files, growing files, standard input, and made-up traffic."""
