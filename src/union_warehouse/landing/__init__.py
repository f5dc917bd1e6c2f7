"""The landing zone: where submissions lie, what their manifests say, and which of them count."""
