"""What an ESA SMOS L2 soil-moisture product consists of: variables and global attributes, as measured on real ones."""
from product_file import Layout, utc, variables_of

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
LAYOUT = Layout(variables_of(_TABLE), SCALES, FLAGS, {"Altitude": -99999.0})

_CASES = """All_open_water Heterogenous_open_water All_wet_snow All_mixed_snow Wet_snow_pollution Mixed_snow_pollution
All_frost Frost_pollution Forest_cover Soil_cover Heterogeneous""".split()
_FILES = """L1C_SM_FILE DFFG_FRACTIONS_FILE DFFG_XYZ_FILE DFFG_LAI_FILE DFFG_LAI_MAX_FILE DFFG_SNOW_FILE DGG_XYZ_FILE
DGG_CUR_TAU_NAD_LV_FILE DGG_CUR_TAU_NAD_FO_FILE DGG_CUR_ROUGHNESS_H_FILE DGG_CUR_RFI_FILE DGG_CUR_RFI_FILE ECMWF_FILE
WEIGHTING_FUNCTION_FILE MEAN_WEIGHTING_FUNCTION_FILE DFFG_SOIL_PROPERTIES_FILE GALAXY_SM_FILE BULLETIN_B_FILE
LAND_COVER_CLASSES_FILE SOIL_MOISTURE_CONFIG_FILE SM_SWATH""".split()


def headers(facts, columns):
    """What every L2 product's headers tell, as name -> text. `facts`: see make_product.facts_of."""
    f, n = facts, len(columns["Grid_Point_ID"])
    lat, lon, ids = columns["Latitude"], columns["Longitude"], columns["Grid_Point_ID"]
    kind = f["type"]
    what = {"MIR_SMUDP2": "Soil Moisture", "MIR_OSUDP2": "Ocean Salinity"}[kind]
    out = {
        "creation_date": utc(f["stop"]), "total_number_of_grid_points": str(n), "FH:File_Name": f["name"],
        "FH:File_Description": f"L2 {what} Output User Data Product (synthetic)", "FH:Mission": "SMOS",
        "FH:File_Class": f["class"], "FH:File_Type": kind, "FH:File_Version": "0001",
        "FH:Validity_Period:Validity_Start": utc(f["start"]), "FH:Validity_Period:Validity_Stop": utc(f["stop"]),
        "FH:Source:System": "VCUBE", "FH:Source:Creator": "make_product", "FH:Source:Creator_Version": f["processor"],
        "FH:Source:Creation_Date": utc(f["stop"]), "VH:SPH:Chi_2_Scale": "5.000000e+00",
    }
    info = "VH:SPH:MI:"
    out |= {info + k: v for k, v in (
        ("SPH_Descriptor", kind + "_SPH"), ("Checksum", "0000000000"),
        ("Header_Schema", f"HDR_SM_TEST_{kind}_0400.xsd"),
        ("Datablock_Schema", f"DBL_SM_TEST_{kind}_0400.binXschema.xml"), ("Header_Size", "000000"),
        ("Datablock_Size", f"{n * 223:011d}"), ("HW_Identifier", "0001"),
        ("TI:Precise_Validity_Start", utc(f["start"], 6)), ("TI:Precise_Validity_Stop", utc(f["stop"], 6)),
        ("TI:Abs_Orbit_Start", f"{f['orbit']:+06d}"), ("TI:Start_Time_ANX_T", "0.000000"),
        ("TI:Abs_Orbit_Stop", f"{f['orbit']:+06d}"), ("TI:Stop_Time_ANX_T", "0.000000"),
        ("TI:UTC_at_ANX", utc(f["node"], 6)), ("TI:Long_at_ANX", f"{f['node_lon']:+011.6f}"),
        ("TI:Ascending_Flag", "D" if f["descending"] else "A"), ("TI:Polarisation_Flag", "F"))}
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
        ("OI:Abs_Orbit", f"{f['orbit']:+06d}"), ("OI:OSV_TAI", utc(f["start"], 6).replace("UTC", "TAI")),
        ("OI:OSV_UTC", utc(f["start"], 6)), ("OI:OSV_UT1", utc(f["start"], 6).replace("UTC", "UT1")))}
    for axis, p, v in zip("XYZ", f["position"], f["velocity"]):
        out[f"{main}OI:{axis}_Position"], out[f"{main}OI:{axis}_Velocity"] = f"{p:+012.3f}", f"{v:+012.6f}"
    out[main + "OI:Vector_Source"] = "FP"
    return out


def global_attributes(facts, columns):
    """headers(), the statistics of the retrieval and the list of files that it used."""
    n = len(columns["Grid_Point_ID"])
    tried = int((columns["M_AVA"] > 0).sum())
    out = headers(facts, columns)
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
    for k, name in enumerate(_FILES):
        prefix, own = f"VH:SPH:LODS:Data_Set_{k}:", name == "SM_SWATH"
        out |= {prefix + "DS_Name": name, prefix + "DS_Type": "M" if own else "R",
                prefix + "DS_Size": f"{n * 223 if own else 0:010d}", prefix + "DS_Offset": "0000000000"}
        if not own:
            out[prefix + "Ref_Filename"] = f"SM_TEST_{name}"
        out |= {prefix + "Num_DSR": f"{n if own else 0:010d}", prefix + "DSR_Size": f"{223 if own else 0:08d}",
                prefix + "Byte_Order": "0123" if own else "0000"}
    return out
