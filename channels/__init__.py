"""Providers in one vocabulary: a message goes in, one of few named outcomes comes out.

A library of its own. It knows nothing of residents, broadcasts or the database.
"""
