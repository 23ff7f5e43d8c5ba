"""What a synthetic SMOS L2 ocean-salinity product (MIR_OSUDP2) consists of.

Which variables there are is known of the real ones, and that they lie in the file as those of soil moisture do; the
types here are a choice, not measured: float32 for quantities, uint16 for counts, days since 2000-01-01 for the time.
"""
from product_file import Layout, variables_of

_TABLE = {
    "f4": """Coast_distance:km Dg_chi2_corr Dg_quality_SSS_anom Dg_quality_SSS_corr Latitude:deg Longitude:deg
        Mean_acq_time:dd SSS_anom:psu SSS_corr:psu Sigma_SSS_anom:psu Sigma_SSS_corr:psu X_swath:km""",
    "u2": "Dg_RFI_X Dg_RFI_Y",
    "u4": "Grid_Point_ID",
}
LAYOUT = Layout(variables_of(_TABLE), {}, {}, {})
