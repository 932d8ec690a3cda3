"""One port per stage (shot, upscale, interpolate, music) and the adapters beside them."""
