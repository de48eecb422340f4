# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What stands before mlx_lm's server: a keeper that holds the port, and a worker that is the server with our manners.

The keeper never loads MLX. It starts workers, lets a new revision of the model take over from the old one, and rests
where starts keep failing. The worker runs mlx_lm's own server in its own process, so that a token costs no more.
"""
