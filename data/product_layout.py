"""How an ESA SMOS L2 soil-moisture product lies in its NetCDF-4 file: variables, attributes, storage.

Two generations are written. "new" is what ESA's v700 processor delivers: one chunk a variable, shuffle and deflate 5,
the uint8 variables contiguous. "smosbox" is what SMOS-Box converted from the older binary form: one chunk, deflate 6,
no shuffle, signed integers that `_Unsigned` marks, float32 `_FillValue`, long attribute names.
"""
import h5py
import numpy as np

SCIENCE = """FL_NON_NOM FL_SCENE_T FL_BARREN FL_TOPO_S FL_TOPO_M FL_OW FL_SNOW_MIX FL_SNOW_WET FL_SNOW_DRY FL_FOREST
FL_NOMINAL FL_FROST FL_ICE FL_WETLANDS FL_FLOOD_PROB FL_URBAN_LOW FL_URBAN_HIGH FL_SAND FL_SEA_ICE FL_COAST FL_OCCUR_T
FL_LITTER FL_PR FL_INTERCEP FL_EXTERNAL FL_RAIN FL_TEC FL_TAU_FO FL_WINTER_FOREST FL_DUAL_RETR_FNO_FFO""".split()
FLAGS = {
    "Science_Flags": (SCIENCE, [1 << k if k < 15 else -32768 if k == 15 else 0 for k in range(30)]),
    "Confidence_Flags": ("""FL_RFI_PRONE_H FL_RFI_PRONE_V FL_NO_PROD FL_RANGE FL_DQX FL_CHI2_P
                         FL_FARADAY_ROTATION_ANGLE""".split(), [2, 4, 16, 32, 64, 128, 256]),
    "Processing_Flags": ("FL_R4 FL_R3 FL_R2 FL_MD_A".split(), [1, 2, 4, 8]),
    "DGG_Current_Flags": ("""FL_CURRENT_TAU_NADIR_LV FL_CURRENT_TAU_NADIR_FO FL_CURRENT_HR FL_CURRENT_RFI
                          FL_CURRENT_FLOOD""".split(), [1, 2, 4, 8, 16]),
}
SCALES = {"Chi_2": 53 / 255, "Chi_2_P": 1 / 255, "RFI_Prob": 0.005, "X_Swath": 1050 / 32767}

# type -> "name" or "name:unit" of its variables.
_TABLE = {
    "f4": """AFP:km Altitude:m DIFF_Albedos DIFF_Albedos_DQX Dielect_Const_MD_IM:Fm-1 Dielect_Const_MD_IM_DQX:Fm-1
        Dielect_Const_MD_RE:Fm-1 Dielect_Const_MD_RE_DQX:Fm-1 Dielect_Const_Non_MD_IM:Fm-1
        Dielect_Const_Non_MD_IM_DQX:Fm-1 Dielect_Const_Non_MD_RE:Fm-1 Dielect_Const_Non_MD_RE_DQX:Fm-1 HR_Cur_DQX
        Latitude:deg Longitude:deg Optical_Thickness_Nad:Np Optical_Thickness_Nad_DQX:Np RTT RTT_DQX Roughness_Param:K
        Roughness_Param_DQX:K Scattering_Albedo_H Scattering_Albedo_H_DQX Soil_Moisture:m3_m-3 Soil_Moisture_DQX:m3_m-3
        Surface_Temperature:K Surface_Temperature_DQX:K TB_ASL_Theta_B_H:K TB_ASL_Theta_B_H_DQX:K TB_ASL_Theta_B_V:K
        TB_ASL_Theta_B_V_DQX:K TB_TOA_Theta_B_H:K TB_TOA_Theta_B_H_DQX:K TB_TOA_Theta_B_V:K TB_TOA_Theta_B_V_DQX:K TTH
        TTH_DQX Tau_Cur_DQX""",
    "u1": "Chi_2 Chi_2_P DGG_Current_Flags GQX RFI_Prob S_Tree_1 S_Tree_2",
    "u2": """Confidence_Flags M_AVA M_AVA0 N_ADF_Error N_AF_FOV N_Calibration_Error N_Instrument_Error
        N_Point_Source_RFI N_RFI_Mitigations N_RFI_X N_RFI_Y N_Sky N_Software_Error N_Strong_RFI N_Sun_FOV
        N_Sun_Glint_Area N_Sun_Tails N_Tails_Point_Source_RFI N_Wild N_X_Band Processing_Flags""",
    "u4": "Grid_Point_ID Microseconds:\u00b5s Science_Flags Seconds:s",
    "i4": "Days:days",
    "i2": "X_Swath:km",
}
VARIABLES = {}
for _type, _names in _TABLE.items():
    for _name in _names.split():
        _name, _, _unit = _name.partition(":")
        VARIABLES[_name] = (np.dtype("<" + _type), _unit.replace("_", " "))
VARIABLES = dict(sorted(VARIABLES.items()))

_DIMENSION = "n_grid_points"
_CASES = """All_open_water Heterogenous_open_water All_wet_snow All_mixed_snow Wet_snow_pollution Mixed_snow_pollution
All_frost Frost_pollution Forest_cover Soil_cover Heterogeneous""".split()
_FILES = """L1C_SM_FILE DFFG_FRACTIONS_FILE DFFG_XYZ_FILE DFFG_LAI_FILE DFFG_LAI_MAX_FILE DFFG_SNOW_FILE DGG_XYZ_FILE
DGG_CUR_TAU_NAD_LV_FILE DGG_CUR_TAU_NAD_FO_FILE DGG_CUR_ROUGHNESS_H_FILE DGG_CUR_RFI_FILE DGG_CUR_RFI_FILE ECMWF_FILE
WEIGHTING_FUNCTION_FILE MEAN_WEIGHTING_FUNCTION_FILE DFFG_SOIL_PROPERTIES_FILE GALAXY_SM_FILE BULLETIN_B_FILE
LAND_COVER_CLASSES_FILE SOIL_MOISTURE_CONFIG_FILE SM_SWATH""".split()
_LONG = {
    "FH": "Fixed_Header", "VH": "Variable_Header", "SPH": "Specific_Product_Header", "MPH": "Main_Product_Header",
    "QI": "Quality_Information", "MI": "Main_Info", "TI": "Time_Info", "OI": "Orbit_Information",
    "LODS": "List_of_Data_Sets", "L2PL": "L2_Product_Location",
}


def fill_value(name):
    """What stands in a variable where there is nothing to tell."""
    if VARIABLES[name][0].kind != "f":
        return 0
    return -99999.0 if name == "Altitude" else -999.0


def _utc(time, digits=0):
    return "UTC=" + time.isoformat(timespec="microseconds" if digits else "seconds")


def global_attributes(facts, columns):
    """The product's headers as name -> text. `facts`: see make_product.facts_of."""
    f, n = facts, len(columns["Grid_Point_ID"])
    lat, lon, ids = columns["Latitude"], columns["Longitude"], columns["Grid_Point_ID"]
    tried = int((columns["M_AVA"] > 0).sum())
    out = {
        "creation_date": _utc(f["stop"]), "total_number_of_grid_points": str(n), "FH:File_Name": f["name"],
        "FH:File_Description": "L2 Soil Moisture Output User Data Product (synthetic)", "FH:Mission": "SMOS",
        "FH:File_Class": "TEST", "FH:File_Type": "MIR_SMUDP2", "FH:File_Version": "0001",
        "FH:Validity_Period:Validity_Start": _utc(f["start"]), "FH:Validity_Period:Validity_Stop": _utc(f["stop"]),
        "FH:Source:System": "VCUBE", "FH:Source:Creator": "make_product", "FH:Source:Creator_Version": "700",
        "FH:Source:Creation_Date": _utc(f["stop"]), "VH:SPH:Chi_2_Scale": "5.000000e+00",
    }
    quality = "VH:SPH:QI:"
    out |= {quality + k: v for k, v in (
        ("Overall_Quality", "0"), ("Overall_Quality_Threshold_Low", "00000"),
        ("Overall_Quality_Threshold_High", "06600"), ("Total_L1c_Nodes", str(n)),
        ("Total_Processed_L1c_Nodes", str(n)), ("Total_Retrieval_Attempted_L1c_Nodes", str(tried)))}
    for reason in ("Amplitude_Range", "TB_Range", "4th_Stokes_Parameter", "Sun_Point_Flag", "Spatial_Resolution",
                   "1st_Stokes_Anomaly"):
        out[f"{quality}Percentage_Rejected_TBs:Due_To_{reason}"] = "00000"
    land = int((columns["Soil_Moisture"] > 0).sum())
    counts = {"All_open_water": n - land, "Soil_cover": land}
    for k, case in enumerate(_CASES):
        prefix = f"{quality}List_of_Retrieval_Cases_Statistics:Retrieval_Case_Statistics_{k}:"
        total = counts.get(case, 0)
        out[prefix + "Retrieval_Case"], out[prefix + "Total_Nodes"] = case, str(total)
        out[prefix + "Total_Failed_Nodes"] = "0"
        for stage in ("R2", "R3"):
            for level, opacity in enumerate(("Low", "Med", "High")[: 1 + k % 3]):
                item = f"{prefix}{stage}:Model_Opacity_Level{f'_{level}' if k % 3 else ''}:"
                out[item + "Model"], out[item + "Opacity_Level"] = "MW" if "water" in case else "MN", opacity
                out[item + "Total_Successful_Nodes"] = str(total if stage == "R2" and level == 0 else 0)
    info = "VH:SPH:MI:"
    out |= {info + k: v for k, v in (
        ("SPH_Descriptor", "MIR_SMUDP2_SPH"), ("Checksum", "0000000000"),
        ("Header_Schema", "HDR_SM_TEST_MIR_SMUDP2_0400.xsd"),
        ("Datablock_Schema", "DBL_SM_TEST_MIR_SMUDP2_0400.binXschema.xml"), ("Header_Size", "000000"),
        ("Datablock_Size", f"{n * 223:011d}"), ("HW_Identifier", "0001"),
        ("TI:Precise_Validity_Start", _utc(f["start"], 6)), ("TI:Precise_Validity_Stop", _utc(f["stop"], 6)),
        ("TI:Abs_Orbit_Start", f"{f['orbit']:+06d}"), ("TI:Start_Time_ANX_T", "0.000000"),
        ("TI:Abs_Orbit_Stop", f"{f['orbit']:+06d}"), ("TI:Stop_Time_ANX_T", "0.000000"),
        ("TI:UTC_at_ANX", _utc(f["node"], 6)), ("TI:Long_at_ANX", f"{f['node_lon']:+011.6f}"),
        ("TI:Ascending_Flag", "D" if f["descending"] else "A"), ("TI:Polarisation_Flag", "F"))}
    for k, name in enumerate(_FILES):
        prefix, own = f"VH:SPH:LODS:Data_Set_{k}:", name == "SM_SWATH"
        out |= {prefix + "DS_Name": name, prefix + "DS_Type": "M" if own else "R",
                prefix + "DS_Size": f"{n * 223 if own else 0:010d}", prefix + "DS_Offset": "0000000000"}
        if not own:
            out[prefix + "Ref_Filename"] = f"SM_TEST_{name}"
        out |= {prefix + "Num_DSR": f"{n if own else 0:010d}", prefix + "DSR_Size": f"{223 if own else 0:08d}",
                prefix + "Byte_Order": "0123" if own else "0000"}
    place = "VH:SPH:L2PL:"
    for k, where in (("Start", 0), ("Stop", -1), ("Mid", n // 2)):
        out[f"{place}{k}_Lat"] = f"{lat[where]:+011.6f}"
        out[f"{place}{k}_Lon{'' if k == 'Mid' else 'g'}"] = f"{lon[where]:+011.6f}"
    for side, row, value in (
            ("Southernmost_Latitude", lat.argmin(), lat), ("Northernmost_Latitude", lat.argmax(), lat),
            ("Easternmost_Longitude", lon.argmax(), lon), ("Westernmost_Longitude", lon.argmin(), lon)):
        out[place + side] = f"{value[row]:+011.6f}"
        out[place + side.partition("_")[0] + "_Gridpoint_ID"] = str(ids[row])
    main = "VH:MPH:"
    out |= {main + k: v for k, v in (
        ("Ref_Doc", "none"), ("Acquisition_Station", "TEST"), ("Processing_Centre", "TEST"),
        ("Logical_Proc_Centre", "FPC"), ("Product_Confidence", "NOMINAL"), ("OI:Phase", "+001"),
        ("OI:Cycle", f"{f['orbit'] // 2144 + 1:+04d}"), ("OI:Rel_Orbit", f"{f['orbit'] % 2144:+06d}"),
        ("OI:Abs_Orbit", f"{f['orbit']:+06d}"), ("OI:OSV_TAI", _utc(f["start"], 6).replace("UTC", "TAI")),
        ("OI:OSV_UTC", _utc(f["start"], 6)), ("OI:OSV_UT1", _utc(f["start"], 6).replace("UTC", "UT1")))}
    for axis, p, v in zip("XYZ", f["position"], f["velocity"]):
        out[f"{main}OI:{axis}_Position"], out[f"{main}OI:{axis}_Velocity"] = f"{p:+012.3f}", f"{v:+012.6f}"
    out[main + "OI:Vector_Source"] = "FP"
    return out


def _long_name(name):
    return ":".join(_LONG.get(part, part) for part in name.split(":"))


def _variable_attributes(name, generation):
    kind, unit = VARIABLES[name]
    new = generation == "new"
    out = {"units": unit} if unit else {}
    out["_FillValue"] = np.array([fill_value(name)], kind if new else "<f4")
    if name in SCALES:
        out["scale_factor"], out["scale_offset"] = np.array([SCALES[name]], "<f8"), np.array([0.0], "<f8")
    if name in FLAGS:
        meanings, masks = FLAGS[name]
        out |= {"flag_masks": np.array(masks, "<i2"), "flag_values": np.array(masks, "<i2"),
                "flag_meanings": " ".join(meanings)}
    if kind.kind == "u":
        out["_Unsigned"] = "true"
    return out


def _set_attribute(item, name, value, new):
    if isinstance(value, str) and new:
        item.attrs.create(name, [value], shape=(1,), dtype=h5py.string_dtype("utf-8"))
    elif isinstance(value, str):
        item.attrs.create(name, np.bytes_(value.encode("utf-8")))
    else:
        item.attrs.create(name, value)


def _create_dataset(file, name, values, new):
    """One variable as the netCDF library lays it out; high-level h5py cannot order attributes by creation."""
    kind = values.dtype
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_attr_creation_order(h5py.h5p.CRT_ORDER_TRACKED | h5py.h5p.CRT_ORDER_INDEXED)
    plist.set_fill_value(np.array(fill_value(name), kind))
    if new and kind.itemsize == 1:
        plist.set_layout(h5py.h5d.CONTIGUOUS)
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
    else:
        plist.set_chunk(values.shape)
        if new:
            plist.set_shuffle()
        plist.set_deflate(5 if new else 6)
    space = h5py.h5s.create_simple(values.shape)
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.py_create(kind), space, plist).write(
        h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values))
    return file[name]


def write(path, columns, attributes, generation):
    """Writes the product. Superblock version 0, as ESA's files have it."""
    new = generation == "new"
    n = len(columns["Grid_Point_ID"])
    with h5py.File(path, "w", libver=("earliest", "v110"), track_order=True) as file:
        for name, text in attributes.items():
            _set_attribute(file, name if new else _long_name(name), text, new)
        file.attrs.create("_NCProperties", np.bytes_(b"version=2,netcdf=4.7.3,hdf5=1.8.14,"))
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_attr_creation_order(h5py.h5p.CRT_ORDER_TRACKED | h5py.h5p.CRT_ORDER_INDEXED)
        h5py.h5d.create(file.id, _DIMENSION.encode(), h5py.h5t.IEEE_F32BE, h5py.h5s.create_simple((n,)), plist)
        scale = file[_DIMENSION]
        h5py.h5ds.set_scale(scale.id, f"This is a netCDF dimension but not a netCDF variable.{n:10d}".encode())
        scale.attrs.create("_Netcdf4Dimid", np.int32(0))
        for name, (kind, _) in VARIABLES.items():
            values = columns[name].astype(kind, copy=False)
            if not new and kind.kind == "u":
                values = values.view(np.dtype(f"<i{kind.itemsize}"))
            dataset = _create_dataset(file, name, values, new)
            for key, value in _variable_attributes(name, generation).items():
                _set_attribute(dataset, key, value, new)
            h5py.h5ds.attach_scale(dataset.id, scale.id, 0)
