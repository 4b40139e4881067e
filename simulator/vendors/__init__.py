"""The five vendors' APIs: what each accepts, refuses and answers."""
