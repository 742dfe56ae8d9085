"""Operations on stacks: their states, events, progress and causes of failure."""
