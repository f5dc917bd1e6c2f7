"""What is read from releases and the landing zone: figures, the rows behind them, what changed, who has reported."""
