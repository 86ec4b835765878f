"""What needs a human: rules, and the state machine that judges them."""
