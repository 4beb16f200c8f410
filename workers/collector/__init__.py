"""The collector: what ad platforms report and who changed what there, as records of topics."""
