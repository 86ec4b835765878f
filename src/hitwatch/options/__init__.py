"""What a user can ask for, as typed values: every option is declared here, once."""
