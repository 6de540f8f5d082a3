# Read a release's Parquet files with R: Rscript with_r.R published/current
# Needs the packages arrow and dplyr.
suppressPackageStartupMessages({
  library(arrow)
  library(dplyr)
})

tables <- file.path(commandArgs(trailingOnly = TRUE)[1], "parquet")
trends <- read_parquet(file.path(tables, "trends.parquet"))
areas <- read_parquet(file.path(tables, "areas.parquet"))

newest <- trends |>
  filter(source == "extracts", !is.na(value)) |>
  left_join(select(areas, area_code, area_name), by = "area_code", relationship = "many-to-one") |>
  group_by(indicator, area_name) |>
  slice_max(period_start, n = 1, with_ties = FALSE) |>
  ungroup() |>
  select(indicator, area_name, period_start, value, status) |>
  head(5)
write.table(newest, sep = "\t", quote = FALSE, row.names = FALSE)
