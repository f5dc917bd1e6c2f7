"""Monthly reporting pipeline and warehouse for a district federation of trade unions."""

__version__ = "0.1.0"
