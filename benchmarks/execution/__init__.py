"""The live executor: many actions on a model platform, in time that passes as fast as it can."""
