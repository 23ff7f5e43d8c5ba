"""The SMOS Discrete Global Grid in numpy: ISEA4H resolution 9, analytic, no auxiliary file.

Source: Snyder 1992, "An equal-area map projection for polyhedral globes"; Sahr, White, Kimerling 2003, "Geodesic
discrete global grid systems". The numbering is DGGRID's SEQNUM. Latitude is taken as spherical latitude, as SMOS
products do. It is written apart from the driver's own code, so that each can check the other.
"""
import numpy as np

SIDE = 512
QUAD = SIDE * SIDE
CELLS = 10 * QUAD + 2

_G = np.radians(36.0)
_COS_g = np.sqrt((5 + 2 * np.sqrt(5)) / 15)
_TAN_g = np.tan(np.arccos(_COS_g))
_RHO = np.sqrt(4 * np.pi / (15 * np.sqrt(3)))
_R1 = _RHO / _TAN_g
_EDGE = np.sqrt(3) * _RHO
_THIRD = 2 * np.pi / 3


def unit(lon, lat):
    """Unit vectors (..., 3) of longitudes and latitudes in degrees."""
    lon, lat = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def lonlat(vectors):
    """Degrees of unit vectors (..., 3)."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))


def _faces():
    ring = np.degrees(np.arctan(2.0))
    top = np.radians((11.25, 58.2825255885390))
    vertices = [unit(11.25, 58.2825255885390)]
    for distance, turn in ((ring, 0.0), (180.0 - ring, -36.0)):
        for k in range(5):
            d, azimuth = np.radians(distance), np.radians(-72.0 * k + turn)
            lat = np.arcsin(np.sin(top[1]) * np.cos(d) + np.cos(top[1]) * np.sin(d) * np.cos(azimuth))
            lon = top[0] + np.arctan2(np.sin(azimuth) * np.sin(d) * np.cos(top[1]),
                                      np.cos(d) - np.sin(top[1]) * np.sin(lat))
            vertices.append(unit(np.degrees(lon), np.degrees(lat)))
    vertices.append(-vertices[0])
    corners = [None] * 20
    for q in range(1, 6):
        n = q % 5 + 1
        corners[q - 1] = (0, q, n)
        corners[q + 4] = (q + 5, n, q)
        corners[q + 9] = (n, q + 5, n + 5)
        corners[q + 14] = (11, n + 5, q + 5)
    v = np.array(vertices)
    centre = v[np.array(corners)].sum(axis=1)
    centre /= np.linalg.norm(centre, axis=1)[:, None]
    up = v[np.array(corners)[:, 0]]
    up = up - (up * centre).sum(axis=1)[:, None] * centre
    up /= np.linalg.norm(up, axis=1)[:, None]
    return centre, up, np.cross(up, centre)


_CENTRE, _UP, _RIGHT = _faces()


def _third(angle):
    """An angle as (rest in [0, 120 degrees), multiple of 120 degrees)."""
    angle = np.mod(angle, 2 * np.pi)
    k = np.minimum(np.floor(angle / _THIRD), 2)
    return angle - k * _THIRD, k * _THIRD


def _h(azimuth):
    return np.arccos(np.clip(np.sin(azimuth) * np.sin(_G) * _COS_g - np.cos(azimuth) * np.cos(_G), -1, 1))


def _stretch(azimuth, plane_azimuth):
    """The factor f of Snyder's radius, from the azimuth on the sphere and on the plane."""
    q = np.arctan2(_TAN_g, np.cos(azimuth) + np.sqrt(3) * np.sin(azimuth))
    return _TAN_g / (2 * (np.cos(plane_azimuth) + np.sqrt(3) * np.sin(plane_azimuth)) * np.sin(q / 2))


def seqnum_of(lon, lat):
    """The cell that holds each point: seqnum, int64."""
    p = unit(np.asarray(lon, float).ravel(), np.asarray(lat, float).ravel())
    face = np.argmax(p @ _CENTRE.T, axis=1)
    cos_z = np.clip(np.einsum("ij,ij->i", p, _CENTRE[face]), -1, 1)
    z = np.arccos(cos_z)
    az, turn = _third(np.arctan2(np.einsum("ij,ij->i", p, _RIGHT[face]), np.einsum("ij,ij->i", p, _UP[face])))
    ag = az + _G + _h(az) - np.pi
    plane = np.arctan2(2 * ag, _RHO**2 - 2 * np.sqrt(3) * ag)
    r = 2 * _R1 * _stretch(az, plane) * np.sin(z / 2)
    tx = r * np.sin(plane + turn) / _EDGE + 0.5
    ty = r * np.cos(plane + turn) / _EDGE + 1 / (2 * np.sqrt(3))

    d = 2 * ty / np.sqrt(3)
    row, col = np.divmod(face, 5)
    upper = row % 2 == 0
    u = SIDE * np.where(upper, tx - d / 2, 1 - tx + d / 2)
    v = SIDE * np.where(upper, tx + d / 2, 1 - tx - d / 2)
    quad = np.where(row < 2, 1, 6) + col
    return _number(quad, *_hexagon(u, v)).reshape(np.shape(lon))


def _hexagon(u, v):
    iu, iv = np.floor(u), np.floor(v)
    ru, rv = u - iu, v - iv
    right = ru >= rv
    low = np.where(right, 1 - ru, 1 - rv)
    middle = np.abs(ru - rv)
    high = np.minimum(ru, rv)
    choice = np.argmax(np.stack([low, middle, high]), axis=0)
    i = iu + np.where(choice == 0, 0, np.where((choice == 2) | right, 1, 0))
    j = iv + np.where(choice == 0, 0, np.where((choice == 2) | ~right, 1, 0))
    return np.clip(i, 0, SIDE).astype(np.int64), np.clip(j, 0, SIDE).astype(np.int64)


def _number(q, i, j):
    """seqnum of (quad, i, j) with i, j in 0..512: a quad does not own its far edges."""
    n = SIDE
    north = q <= 5
    up = np.where(north, q % 5 + 1, np.where(q == 10, 1, q - 4))
    right = np.where(q == 10, 6, q + 1)
    both, far_i, far_j = (i == n) & (j == n), i == n, j == n
    # First match wins: pole vertices, the corner, then each edge.
    pole_n = north & (i == 0) & far_j
    pole_s = ~north & far_i & (j == 0)
    cases = [north & both, ~north & both, north & far_i, north & far_j, ~north & far_i, ~north & far_j]
    quad = np.select(cases, [up, right, q + 5, up, right, up], q)
    ni = np.select(cases, [0 * i, 0 * i, 0 * i, 0 * i, n - j, i], i)
    nj = np.select(cases, [0 * j, 0 * j, j, n - i, 0 * j, 0 * j], j)
    number = 2 + (quad - 1) * QUAD + ni * SIDE + nj
    return np.where(pole_n, 1, np.where(pole_s, CELLS, number))


def centre_of(seqnum):
    """Longitude and latitude in degrees of cell centres."""
    s = np.asarray(seqnum, np.int64).ravel()
    inner = (s > 1) & (s < CELLS)
    k = np.where(inner, s - 2, 0)
    q, rest = k // QUAD + 1, k % QUAD
    i, j = rest // SIDE, rest % SIDE
    a, b = i / SIDE, j / SIDE
    upper = i <= j
    face = np.where(q <= 5, q - 1, q + 4) + np.where(upper, 0, 5)
    tx = np.where(upper, (a + b) / 2, 1 - (a + b) / 2)
    ty = np.sqrt(3) / 2 * np.abs(a - b)
    x, y = (tx - 0.5) * _EDGE, (ty - 1 / (2 * np.sqrt(3))) * _EDGE
    r = np.hypot(x, y)
    plane, turn = _third(np.arctan2(x, y))
    az = plane.copy()
    solve = plane > 1e-12
    target = _RHO**2 / (2 * (1 / np.tan(np.where(solve, plane, 1.0)) + np.sqrt(3)))
    for _ in range(6):
        h = _h(az)
        slope = (np.cos(az) * np.sin(_G) * _COS_g + np.sin(az) * np.cos(_G)) / np.sin(h) - 1
        az = np.where(solve, az - (target - az - _G - h + np.pi) / slope, az)
    z = 2 * np.arcsin(np.clip(r / (2 * _R1 * _stretch(az, plane)), -1, 1))
    az = az + turn
    p = (np.cos(z)[:, None] * _CENTRE[face]
         + np.sin(z)[:, None] * (np.cos(az)[:, None] * _UP[face] + np.sin(az)[:, None] * _RIGHT[face]))
    p[s == 1] = unit(11.25, 58.2825255885390)
    p[s == CELLS] = -unit(11.25, 58.2825255885390)
    lon, lat = lonlat(p)
    return lon.reshape(np.shape(seqnum)), lat.reshape(np.shape(seqnum))


def grid_point_id(seqnum):
    """Grid_Point_ID of seqnums."""
    s = np.asarray(seqnum, np.int64)
    q = (s - 2) // QUAD + 1
    return np.where(s == CELLS, 9262145, np.where(s <= QUAD + 1, s, (q - 1) * 10**6 + (s - 2) % QUAD + 1))


def seqnum_of_id(ids):
    """seqnums of Grid_Point_IDs; 0 where an id names no grid point."""
    g = np.asarray(ids, np.int64)
    rest = g % 10**6
    valid = (((rest >= 1) & (rest <= QUAD)) | (g == QUAD + 1) | (g == 9262145)) & (g > 0) & (g <= 9262145)
    return np.where(valid, np.where(g < 10**6, g, g - 737856 * ((g - 1) // 10**6) + 1), 0)
