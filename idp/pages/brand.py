"""The brand colour of the settings, made readable: contrast by WCAG 2.2 §1.4.3, one set for each theme."""

import colorsys

Rgb = tuple[float, float, float]

LIGHT_PAGE = "#f4f6f8"
DARK_RAISED = "#222b36"
DARK_SURFACE = "#1a212a"
ON_LIGHT = "#ffffff"
ON_DARK = "#0d1218"
ENOUGH = 4.6
"""A little over the 4.5:1 of AA, so that rounding never falls below it."""


def contrast(one: str, other: str) -> float:
    """Tell the contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def darkened(color: str, *backgrounds: str) -> str:
    """Give the colour, as dark as text on each of the light backgrounds needs it."""
    return _moved(color, backgrounds, step=-0.01)


def lightened(color: str, *backgrounds: str) -> str:
    """Give the colour, as light as text on each of the dark backgrounds needs it."""
    return _moved(color, backgrounds, step=0.01)


def style_sheet(color: str) -> str:
    """Write the custom properties that `theme.css` takes the brand from; white or black text on them is readable."""
    light = darkened(color, LIGHT_PAGE, mixed(color, LIGHT_PAGE, 0.1), ON_LIGHT)
    dark = lightened(color, DARK_RAISED, mixed(color, DARK_SURFACE, 0.2), ON_DARK)
    properties = {
        "brand-light": light,
        "brand-light-hover": mixed("#000000", light, 0.2),
        "brand-light-soft": mixed(color, ON_LIGHT, 0.1),
        "brand-dark": dark,
        "brand-dark-hover": mixed("#ffffff", dark, 0.3),
        "brand-dark-soft": mixed(color, DARK_SURFACE, 0.2),
    }
    return ":root{" + ";".join(f"--{name}:{value}" for name, value in properties.items()) + "}\n"


def mark(color: str) -> str:
    """Draw the product's mark as an SVG file in the brand colour, for the browser's tab."""
    tile = darkened(color, ON_LIGHT)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="8" fill="{tile}"/>'
        '<g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round">'
        '<path d="M9 9a14 14 0 0 1 14 14"/><path d="M9 15.5A7.5 7.5 0 0 1 16.5 23"/></g>'
        '<circle cx="10.2" cy="21.8" r="2.2" fill="#fff"/></svg>'
    )


def mixed(color: str, into: str, share: float) -> str:
    """Mix a share (0 to 1) of one colour into another."""
    return _hexadecimal(*(a * share + b * (1 - share) for a, b in zip(_rgb(color), _rgb(into), strict=True)))


def _moved(color: str, backgrounds: tuple[str, ...], step: float) -> str:
    """Change the lightness by steps, hue and saturation kept, until each background gives enough contrast."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(color))
    while min(contrast(color, background) for background in backgrounds) < ENOUGH and 0 <= lightness <= 1:
        lightness += step
        color = _hexadecimal(*colorsys.hls_to_rgb(hue, min(max(lightness, 0), 1), saturation))
    return color


def _rgb(color: str) -> Rgb:
    return (int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255)


def _hexadecimal(*channels: float) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
