"""The templates that this project builds."""
