<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<!-- Soil moisture in m3/m3; the same colours as soil_moisture.txt. -->
<qgis version="3.22">
  <pipe>
    <rasterrenderer type="singlebandpseudocolor" band="1" opacity="1" alphaBand="-1" nodataColor="" classificationMin="0" classificationMax="0.6">
      <rasterTransparency/>
      <rastershader>
        <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="0" maximumValue="0.6">
          <item value="0.00" label="0.00" color="#784820" alpha="255"/>
          <item value="0.05" label="0.05" color="#b87c3e" alpha="255"/>
          <item value="0.10" label="0.10" color="#e0b568" alpha="255"/>
          <item value="0.15" label="0.15" color="#f5e19d" alpha="255"/>
          <item value="0.20" label="0.20" color="#dde8a0" alpha="255"/>
          <item value="0.25" label="0.25" color="#a0cf8d" alpha="255"/>
          <item value="0.30" label="0.30" color="#5fb28c" alpha="255"/>
          <item value="0.35" label="0.35" color="#319298" alpha="255"/>
          <item value="0.40" label="0.40" color="#1e6e9e" alpha="255"/>
          <item value="0.50" label="0.50" color="#1c3e82" alpha="255"/>
          <item value="0.60" label="0.60" color="#201a54" alpha="255"/>
        </colorrampshader>
      </rastershader>
    </rasterrenderer>
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation colorizeOn="0" saturation="0" grayscaleMode="0"/>
    <rasterresampler maxOversampling="2"/>
  </pipe>
</qgis>
