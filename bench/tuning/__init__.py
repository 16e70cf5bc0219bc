"""Tuning: the options of methods are searched for by Optuna, on validation data, with the budget on the record."""
