"""How like two pictures are: PSNR and SSIM."""

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.float32]

BEST = 99.0  # dB; PSNR of equal pictures, which has no number
_PEAK = 255.0
_WINDOW = 11
_SIGMA = 1.5
_C1 = (0.01 * _PEAK) ** 2
_C2 = (0.03 * _PEAK) ** 2


def psnr(a: Luma, b: Luma) -> float:
    """Peak signal to noise ratio in dB of two pictures in 0..255, at most :data:`BEST`."""
    error = float(np.mean((a - b) ** 2))
    return min(BEST, 10 * float(np.log10(_PEAK**2 / error))) if error else BEST


def ssim(a: Luma, b: Luma) -> float:
    """Structural similarity of two pictures in 0..255; 1 for equal ones.

    After Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
    Similarity", IEEE Transactions on Image Processing 2004: windows of 11 x 11 pixels, weighted by a Gaussian
    of deviation 1.5, K1 = 0.01, K2 = 0.03, the mean over all windows that lie within the picture.

    Args:
        a: float32[H, W], H and W at least 11.
        b: likewise.
    """

    def mean(picture: NDArray[np.float64]) -> NDArray[np.float64]:
        edge = _WINDOW // 2
        soft = cv2.GaussianBlur(picture, (_WINDOW, _WINDOW), _SIGMA)
        return np.asarray(soft[edge:-edge, edge:-edge], np.float64)

    x, y = a.astype(np.float64), b.astype(np.float64)
    mean_x, mean_y = mean(x), mean(y)
    spread_x, spread_y = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2
    together = mean(x * y) - mean_x * mean_y
    light = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    structure = (2 * together + _C2) / (spread_x + spread_y + _C2)
    return float(np.mean(light * structure))
