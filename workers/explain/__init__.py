"""Explains a recommendation: replays the topics that it was made from, and compares the bytes.

`reading` fetches a campaign's history, `replay` takes it through the optimizer's own steps in the
order that the published recommendations tell, `comparing` names what differs and why it may.
"""
